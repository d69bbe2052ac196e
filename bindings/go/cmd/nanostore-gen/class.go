package main

import (
	"go/ast"
	"go/types"
)

// class is what can be asked about a field.
type class int

const (
	opaque  class = iota // whether it is there
	whole                // whether it is a value
	ordered              // whether it is greater or less, too
	text                 // whether it contains or begins with a text, too
	slice                // which elements it has
)

// resolve gives the type behind a name of this package, and the file that it is written in.
func (s *source) resolve(file *ast.File, goType ast.Expr) (*ast.File, ast.Expr) {
	if name, isName := goType.(*ast.Ident); isName {
		if named, found := s.types[name.Name]; found {
			return s.resolve(named.file, named.spec.Type)
		}
	}
	return file, goType
}

// class tells what can be asked about a field of this type, and the type of its elements.
func (s *source) class(file *ast.File, goType ast.Expr) (class, *ast.File, ast.Expr) {
	file, goType = s.resolve(file, goType)
	array, isArray := goType.(*ast.ArrayType)
	if !isArray {
		return plain(goType), nil, nil
	}
	_, element := s.resolve(file, array.Elt)
	if name := types.ExprString(element); name == "byte" || name == "uint8" || plain(element) == opaque {
		return opaque, nil, nil
	}
	return slice, file, array.Elt
}

// plain is the class of a type that is no name of this package and no array.
func plain(goType ast.Expr) class {
	switch types.ExprString(goType) {
	case "string":
		return text
	case "bool":
		return whole
	case "int", "int8", "int16", "int32", "int64", "rune", "byte",
		"uint", "uint8", "uint16", "uint32", "uint64", "float32", "float64", "time.Time":
		return ordered
	case "json.RawMessage":
		return opaque
	}
	if _, isForeign := goType.(*ast.SelectorExpr); isForeign {
		return whole
	}
	return opaque
}
