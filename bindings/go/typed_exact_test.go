package nanostore_test

import (
	"encoding/json"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	nanostore "libnanostore/bindings/go"
)

// reload stores a sample in a file and reads it through another store.
func reload(t *testing.T, sample *Sample) *Sample {
	t.Helper()
	path := filepath.Join(t.TempDir(), "samples.json")
	store := open[Sample](t, path)
	id, err := store.Create("Sample", sample)
	must(t, err)
	must(t, store.Close())
	read, err := open[Sample](t, path).Get(id)
	must(t, err)
	return read
}

// bare is a sample without what the store gave it.
func bare(sample *Sample) Sample {
	copied := *sample
	copied.Document = nanostore.Document{}
	return copied
}

func extremes() *Sample {
	postal := ""
	three := 3
	west := time.FixedZone("", -(9*3600 + 30*60))
	sample := &Sample{
		State: "old", Flag: true, Level: nanostore.Ptr(int8(-128)),
		Text: "\u00e4\u4e16\U0001F600 <&> \"\\\n\u2028\ufffd\x00\x7f", Truth: true,
		Int: math.MinInt, Int8: -128, Int64: math.MaxInt64, Uint64: math.MaxUint64,
		Float32: math.SmallestNonzeroFloat32, Float64: math.Copysign(0, -1),
		When:    time.Date(9999, 12, 31, 23, 59, 59, 999999999, west),
		HowLong: math.MinInt64, Bytes: []byte{0, 255, 254},
		Number: "1234567890123456789012345678901234567890.000", Raw: json.RawMessage("null"),
		Any:     map[string]any{"n": json.Number("18446744073709551616"), "nil": nil, "e": []any{}},
		TextPtr: new(string), IntPtr: new(int), TruthPtr: new(bool), WhenPtr: &time.Time{},
		Texts: []string{"", "b"}, States: states{"new"}, Array: [3]int{math.MaxInt, 0, -1},
		Places:   []place{{}, {City: "Berlin", Postal: &postal, Nearby: []string{}}},
		Counts:   map[string]int{"": 0, "a.b": 1, "$set": 2},
		ByNumber: map[int]string{-1: "minus", 0: ""},
		Anything: map[string]any{"deep": []any{map[string]any{"null": nil}}, "text": "x"},
		Place: place{City: "Kiel", Notes: map[string]*int{
			"none": nil, "three": &three}},
		PlacePtr: &place{Nearby: []string{"Jena"}},
		Count:    7,
	}
	sample.Owner = "Ana"
	return sample
}

func TestExtremeValuesOfEveryKindSurviveAReloadExactly(t *testing.T) {
	want := extremes()
	got := reload(t, want)
	if math.Signbit(got.Float64) != true {
		t.Error("-0.0 lost its sign")
	}
	if !got.When.Equal(want.When) || got.When.Format(time.RFC3339Nano) != "9999-12-31T23:59:59.999999999-09:30" {
		t.Errorf("the time is %s", got.When)
	}
	want.When, got.When = time.Time{}, time.Time{} // two zones of one offset are never equal deeply
	same(t, bare(got), bare(want))
}

func TestZeroValuesSurviveAReloadExactly(t *testing.T) {
	got := reload(t, &Sample{})
	if got.State != "new" {
		t.Errorf("a dimension that is not set is %q, not its default", got.State)
	}
	if !got.When.IsZero() {
		t.Errorf("the zero time became %s", got.When)
	}
	want := Sample{State: "new"}
	same(t, bare(got), want)
}

func TestNilAndEmptyAreNotConfused(t *testing.T) {
	empty := &Sample{
		Bytes: []byte{}, Texts: []string{}, Places: []place{}, Counts: map[string]int{},
		Anything: map[string]any{}, Any: []any{}, PlacePtr: &place{}, States: states{},
	}
	got := reload(t, empty)
	empty.State = "new"
	same(t, bare(got), bare(empty))
}

func TestFloatsComeBackBitByBit(t *testing.T) {
	for _, number := range []float64{
		math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 0.1, 1.0 / 3, 1e21, 1e-7,
		math.Nextafter(1, 2), 9007199254740993, 123456789.125,
	} {
		got := reload(t, &Sample{Float64: number, Float32: float32(number / 1e300)})
		if math.Float64bits(got.Float64) != math.Float64bits(number) {
			t.Errorf("%v came back as %v", number, got.Float64)
		}
		if got.Float32 != float32(number/1e300) {
			t.Errorf("the short %v came back as %v", float32(number/1e300), got.Float32)
		}
	}
}

func TestTimesKeepTheirInstantAndOffset(t *testing.T) {
	for _, when := range []time.Time{
		{}, time.Unix(0, 0).UTC(), time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), time.Now(),
		time.Date(2026, 11, 25, 5, 10, 0, 120000000, time.FixedZone("somewhere", 5*3600+45*60)),
	} {
		got := reload(t, &Sample{When: when, WhenPtr: &when})
		_, had := when.Zone()
		_, has := got.When.Zone()
		if !got.When.Equal(when) || !got.WhenPtr.Equal(when) || has != had {
			t.Errorf("%s came back as %s and %s", when, got.When, got.WhenPtr)
		}
	}
}

func TestWhatCannotBeStoredIsRefusedAndNamed(t *testing.T) {
	store := open[Sample](t, ":memory:")
	for field, sample := range map[string]*Sample{
		"Float64":  {Float64: math.NaN()},
		"Float32":  {Float32: float32(math.Inf(1))},
		"Text":     {Text: "a\xff"},
		"Texts":    {Texts: []string{"fine", "\xc0\x80"}},
		"Counts":   {Counts: map[string]int{"\xfe": 1}},
		"Place":    {Place: place{City: "\x80"}},
		"Any":      {Any: make(chan int)},
		"State":    {State: "\xff"},
		"When":     {When: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
		"Raw":      {Raw: json.RawMessage("{")},
		"Number":   {Number: "1.2.3"},
		"Body":     {Document: nanostore.Document{Body: "\xff"}},
		"Data":     {Document: nanostore.Document{Data: json.RawMessage("[]")}},
		"Anything": {Anything: map[string]any{"x": math.Inf(-1)}},
	} {
		_, err := store.Create("X", sample)
		var failure *nanostore.Error
		if !errors.As(err, &failure) || failure.Field != field || failure.Status != nanostore.ErrInvalid ||
			!strings.Contains(failure.Message, field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := store.Create("\xff", nil); !errors.Is(err, nanostore.ErrInvalid) {
		t.Errorf("a title that is not UTF-8: %v", err)
	}
	if count, err := store.Query().Count(); count != 0 || err != nil {
		t.Errorf("%d documents were stored, %v", count, err)
	}
}

func TestTheReplacementCharacterItselfIsText(t *testing.T) {
	got := reload(t, &Sample{Text: "\ufffd", Raw: json.RawMessage(`"\ufffd"`)})
	var raw string
	must(t, json.Unmarshal(got.Raw, &raw))
	if got.Text != "\ufffd" || raw != "\ufffd" {
		t.Errorf("it came back as %q and %s", got.Text, got.Raw)
	}
}

func TestAFieldOfTheWrongTypeInTheFileIsNamedWithItsDocument(t *testing.T) {
	store := open[Sample](t, ":memory:")
	added, err := store.Store().AddJSON(json.RawMessage(`{"title":"X","data":{"int8":128}}`), nil)
	must(t, err)
	read, err := store.Get("1")
	var failure *nanostore.Error
	if read != nil || !errors.As(err, &failure) || failure.Field != "Int8" || !strings.Contains(err.Error(), "128") {
		t.Fatalf("%s was read as %v, %v", added, read, err)
	}
	if _, err := store.Query().Find(); !errors.As(err, &failure) || failure.Field != "Int8" {
		t.Errorf("Find: %v", err)
	}
}

// same fails unless two samples are deeply equal, and names the fields that are not.
func same(t *testing.T, got, want Sample) {
	t.Helper()
	a, b := reflect.ValueOf(got), reflect.ValueOf(want)
	for at := range a.NumField() {
		name := a.Type().Field(at).Name
		if name == "stamps" {
			continue
		}
		x, y := a.Field(at).Interface(), b.Field(at).Interface()
		if !reflect.DeepEqual(x, y) {
			t.Errorf("%s is %#v, want %#v", name, x, y)
		}
	}
	if got.Owner != want.Owner {
		t.Errorf("Owner is %q, want %q", got.Owner, want.Owner)
	}
}

func open[T any](t *testing.T, path string) *nanostore.TypedStore[T] {
	t.Helper()
	store, err := nanostore.New[T](path)
	must(t, err)
	t.Cleanup(func() {
		report, err := store.Store().Verify()
		if err == nil && !report.OK {
			t.Errorf("verify finds %+v", report.Problems)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
