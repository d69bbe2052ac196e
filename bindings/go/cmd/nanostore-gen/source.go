package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"libnanostore/bindings/go/internal/tag"
)

// modulePath is where the package with Document is, whatever it is called where it is imported.
const modulePath = "libnanostore/bindings/go"

// source is the package around the file with the types.
type source struct {
	name  string
	types map[string]declaredType
}

// declaredType is a type of the package and the file that it is in, for its imports.
type declaredType struct {
	spec *ast.TypeSpec
	file *ast.File
}

// structure is a type of documents.
type structure struct {
	name    string
	fields  []field
	imports map[string]bool // import specs that the types of the fields need
}

// field is a field that the store keeps.
type field struct {
	tag.Field
	goName string
	goType ast.Expr // without the pointer
	of     class
	inside ast.Expr // the type of the elements of a slice
}

// readSource reads the package of a file, without what was generated for the file before.
func readSource(file string) (*source, error) {
	files := token.NewFileSet()
	own, err := parser.ParseFile(files, file, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	made := &source{name: own.Name.Name, types: map[string]declaredType{}}
	paths, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*.go"))
	if err != nil {
		return nil, err
	}
	for _, other := range paths {
		if filepath.Base(other) == filepath.Base(target(file)) {
			continue
		}
		parsed, err := parser.ParseFile(files, other, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		if parsed.Name.Name == made.name {
			made.collect(parsed)
		}
	}
	return made, nil
}

// collect takes the types of one file.
func (s *source) collect(file *ast.File) {
	for _, declared := range file.Decls {
		group, isGroup := declared.(*ast.GenDecl)
		if !isGroup || group.Tok != token.TYPE {
			continue
		}
		for _, spec := range group.Specs {
			named := spec.(*ast.TypeSpec)
			s.types[named.Name.Name] = declaredType{named, file}
		}
	}
}

// declared reads a type of documents.
func (s *source) declared(name string) (*structure, error) {
	found, exists := s.types[name]
	if !exists {
		return nil, fmt.Errorf("the package %s has no type %s", s.name, name)
	}
	body, isStruct := found.spec.Type.(*ast.StructType)
	if !isStruct || found.spec.TypeParams != nil {
		return nil, fmt.Errorf("%s: it must be a struct without type parameters", name)
	}
	made := &structure{name: name, imports: map[string]bool{imported("nanostore", modulePath): true}}
	embeds, err := s.fields(made, found.file, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if !embeds {
		return nil, fmt.Errorf("%s: it must embed nanostore.Document", name)
	}
	return made, nil
}

// fields reads the fields of a struct, and of those embedded in it, and tells whether Document is
// among these.
func (s *source) fields(made *structure, file *ast.File, body *ast.StructType) (bool, error) {
	embeds := false
	for _, declared := range body.Fields.List {
		if len(declared.Names) == 0 {
			if s.isDocument(file, declared.Type) {
				embeds = true
				continue
			}
			if inner, found := s.embedded(declared); found {
				deeper, err := s.fields(made, inner.file, inner.spec.Type.(*ast.StructType))
				if err != nil {
					return false, err
				}
				embeds = embeds || deeper
				continue
			}
		}
		for _, name := range names(declared) {
			if err := s.field(made, file, name, declared); err != nil {
				return false, fmt.Errorf("field %s: %w", name, err)
			}
		}
	}
	return embeds, nil
}

// field reads one field.
func (s *source) field(made *structure, file *ast.File, name string, declared *ast.Field) error {
	tags := ""
	if declared.Tag != nil {
		var err error
		if tags, err = strconv.Unquote(declared.Tag.Value); err != nil {
			return err
		}
	}
	read, err := tag.Parse(name, reflect.StructTag(tags))
	if err != nil {
		return err
	}
	if read.Kind == tag.Skipped || !ast.IsExported(name) {
		return nil
	}
	goType := declared.Type
	if pointer, isPointer := goType.(*ast.StarExpr); isPointer {
		goType = pointer.X
	}
	of, insideFile, inside := s.class(file, goType)
	switch {
	case read.Kind != tag.Data:
		of = whole
		made.need(file, goType)
	case of == slice:
		made.need(insideFile, inside)
	case of != opaque:
		made.need(file, goType)
	}
	made.fields = append(made.fields, field{read, name, goType, of, inside})
	return nil
}

// need remembers the imports for a type that is going to be written.
func (s *structure) need(file *ast.File, goType ast.Expr) {
	ast.Inspect(goType, func(node ast.Node) bool {
		if selector, found := node.(*ast.SelectorExpr); found {
			s.imports[importSpec(file, selector)] = true
		}
		return true
	})
}

// embedded is the struct of this package that a field embeds, if it does.
func (s *source) embedded(declared *ast.Field) (declaredType, bool) {
	name, isName := declared.Type.(*ast.Ident)
	if !isName || declared.Tag != nil {
		return declaredType{}, false
	}
	found, exists := s.types[name.Name]
	if !exists {
		return declaredType{}, false
	}
	_, isStruct := found.spec.Type.(*ast.StructType)
	return found, isStruct
}

// isDocument tells whether a type is nanostore.Document.
func (s *source) isDocument(file *ast.File, goType ast.Expr) bool {
	selector, isSelector := goType.(*ast.SelectorExpr)
	return isSelector && selector.Sel.Name == "Document" &&
		strings.Contains(importSpec(file, goType), strconv.Quote(modulePath))
}

// names are the names of a field; one that embeds a type has the name of the type.
func names(declared *ast.Field) []string {
	var found []string
	for _, name := range declared.Names {
		found = append(found, name.Name)
	}
	if found == nil {
		written := strings.TrimPrefix(types.ExprString(declared.Type), "*")
		found = []string{written[strings.LastIndex(written, ".")+1:]}
	}
	return found
}

// importSpec is the import that a selector like time.Time needs.
func importSpec(file *ast.File, goType ast.Expr) string {
	name := goType.(*ast.SelectorExpr).X.(*ast.Ident).Name
	for _, spec := range file.Imports {
		found, _ := strconv.Unquote(spec.Path.Value)
		own := path.Base(found)
		if found == modulePath {
			own = "nanostore"
		}
		if spec.Name != nil {
			own = spec.Name.Name
		}
		if own == name {
			return imported(name, found)
		}
	}
	return imported(name, name)
}

// imported writes an import.
func imported(name, importPath string) string {
	if path.Base(importPath) == name {
		return strconv.Quote(importPath)
	}
	return name + " " + strconv.Quote(importPath)
}
