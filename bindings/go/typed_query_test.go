package nanostore_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	nanostore "libnanostore/bindings/go"
)

// tasks is a store with these IDs and titles: 1 Alpha, 1.1 Beta, 1.1.h1 Gamma, 1.d1 Delta, h1 Eta.
func tasks(t *testing.T) *TodoItemStore {
	t.Helper()
	store := open[TodoItem](t, ":memory:")
	day := func(n int) time.Time { return time.Date(2027, 1, n, 0, 0, 0, 0, time.UTC) }
	create(t, store, "Alpha", &TodoItem{AssignedTo: "Ana", Estimate: 5, DueDate: day(3),
		Tags: []string{"x", "y"}})
	create(t, store, "Beta", &TodoItem{ParentID: "1", AssignedTo: "Ben", Estimate: -1, DueDate: day(1)})
	create(t, store, "Gamma", &TodoItem{ParentID: "1.1", Priority: "high", AssignedTo: "Ana",
		DueDate: day(2), Activity: "archived", Place: map[string]string{"city": "Kiel"}})
	create(t, store, "Delta", &TodoItem{ParentID: "1", Status: "done", Estimate: 40,
		Tags: []string{"y"}, Document: nanostore.Document{Body: "an alphabet"}})
	create(t, store, "Eta", &TodoItem{Priority: "high", Status: "active", AssignedTo: "anabel"})
	return &TodoItemStore{TypedStore: store}
}

// finds tells which documents a query must find, in this order.
func finds(t *testing.T, name string, find func() ([]TodoItem, error), want string) {
	t.Helper()
	items, err := find()
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	titles := []string{}
	for _, item := range items {
		titles = append(titles, item.Title)
	}
	if got := strings.Join(titles, " "); got != want {
		t.Errorf("%s finds %q, want %q", name, got, want)
	}
}

func TestConditionsOnFieldsFindWhatTheySay(t *testing.T) {
	store := tasks(t)
	for name, query := range map[string]struct {
		find func() ([]TodoItem, error)
		want string
	}{
		"all":        {store.Query().Find, "Alpha Beta Gamma Delta Eta"},
		"Eq":         {store.Query().Where("status").Eq("pending").Find, "Alpha Beta Gamma"},
		"Not":        {store.Query().Where("Status").Not("pending").Find, "Delta Eta"},
		"In":         {store.Query().Where("status").In("done", "active").Find, "Delta Eta"},
		"In nothing": {store.Query().Where("status").In().Find, ""},
		"NotIn":      {store.Query().Where("status").NotIn("done", "active").Find, "Alpha Beta Gamma"},
		"Exists":     {store.Query().Where("tags").Exists().Find, "Alpha Delta"},
		"NotExists":  {store.Query().Where("Tags").NotExists().Find, "Beta Gamma Eta"},
		"Gt":         {store.Query().Where("estimate").Gt(5).Find, "Delta"},
		"Gte":        {store.Query().Where("estimate").Gte(5).Find, "Alpha Delta"},
		"Lt":         {store.Query().Where("estimate").Lt(0).Find, "Beta"},
		"Lte":        {store.Query().Where("estimate").Lte(0).Find, "Beta Gamma Eta"},
		"zero":       {store.Query().Where("estimate").Eq(0).Find, "Gamma Eta"},
		"priority":   {store.Query().Where("priority").Gt("medium").Find, "Gamma Eta"},
		"Prefix":     {store.Query().Where("assigned_to").Prefix("An").Find, "Alpha Gamma"},
		"Contains":   {store.Query().Where("tags").Contains("y").Find, "Alpha Delta"},
		"piece":      {store.Query().Where("AssignedTo").Contains("na").Find, "Alpha Gamma Eta"},
		"Like":       {store.Query().Where("title").Like("_eta").Find, "Beta"},
		"Size":       {store.Query().Where("tags").Size(2).Find, "Alpha"},
		"time":       {store.Query().Where("due_date").Eq(time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC)).Find, "Gamma"},
		"inside":     {store.Query().Where("place.city").Eq("Kiel").Find, "Gamma"},
		"undeclared": {store.Query().Where("data.other").NotExists().Where("_data.estimate").Gt(5).Find, "Delta"},
		"parent":     {store.Query().Where("parent_id").Eq("1").Find, "Beta Delta"},
		"roots":      {store.Query().Where("parent").Eq(nil).Find, "Alpha Eta"},
		"Under":      {store.Query().Under("1").Find, "Beta Gamma Delta"},
		"Filter":     {store.Query().Filter(nanostore.Or(nanostore.Eq("title", "Eta"), nanostore.Eq("id", "1"))).Find, "Alpha Eta"},
		"both":       {store.Query().Where("status").Not("done").Where("estimate").Gte(0).Find, "Alpha Gamma Eta"},
		"Search":     {store.Query().Search("ALPHA").Find, "Alpha Delta"},
	} {
		finds(t, name, query.find, query.want)
	}
}

func TestGeneratedMethodsFindWhatWhereFinds(t *testing.T) {
	store := tasks(t)
	for name, query := range map[string]struct {
		find func() ([]TodoItem, error)
		want string
	}{
		"Status":              {store.Query().Status("pending").Find, "Alpha Beta Gamma"},
		"StatusIn":            {store.Query().StatusIn("done", "active").Find, "Delta Eta"},
		"StatusNot":           {store.Query().StatusNot("pending").Find, "Delta Eta"},
		"StatusNotIn":         {store.Query().StatusNotIn("done", "active").Find, "Alpha Beta Gamma"},
		"StatusExists":        {store.Query().StatusExists().Find, "Alpha Beta Gamma Delta Eta"},
		"StatusNotExists":     {store.Query().StatusNotExists().Find, ""},
		"ParentID":            {store.Query().ParentID("1").Find, "Beta Delta"},
		"ParentIDNotExists":   {store.Query().ParentIDNotExists().Find, "Alpha Eta"},
		"ParentIDIn":          {store.Query().ParentIDIn("1", "1.1").Find, "Beta Gamma Delta"},
		"AssignedToPrefix":    {store.Query().AssignedToPrefix("An").Find, "Alpha Gamma"},
		"EstimateGt and more": {store.Query().EstimateGt(0).Search("a").PriorityNot("high").OrderByDesc("estimate").Limit(1).Find, "Delta"},
		"DueDateLt":           {store.Query().DueDateGt(time.Time{}).DueDateLt(time.Date(2027, 1, 3, 0, 0, 0, 0, time.UTC)).Find, "Beta Gamma"},
		"TagsContains":        {store.Query().TagsContains("x").Find, "Alpha"},
		"PlaceExists":         {store.Query().PlaceExists().Find, "Gamma"},
	} {
		finds(t, name, query.find, query.want)
	}
}

func TestMethodsOfTheTaskListAreOnEveryQuery(t *testing.T) {
	store := tasks(t).TypedStore
	for name, query := range map[string]struct {
		find func() ([]TodoItem, error)
		want string
	}{
		"Status":             {store.Query().Status("pending").Priority("high").Activity("archived").Find, "Gamma"},
		"In":                 {store.Query().StatusIn("done", "active").PriorityIn("high").ActivityIn("active").Find, "Eta"},
		"Not":                {store.Query().StatusNot("done").PriorityNot("high").ActivityNot("archived").Find, "Alpha Beta"},
		"NotIn":              {store.Query().StatusNotIn("active", "done").PriorityNotIn("high").ActivityNotIn("deleted").Find, "Alpha Beta"},
		"Exists":             {store.Query().StatusExists().PriorityExists().ActivityExists().ParentIDExists().Find, "Beta Gamma Delta"},
		"NotExists":          {store.Query().ParentIDNotExists().Find, "Alpha Eta"},
		"none":               {store.Query().StatusNotExists().Find, ""},
		"no priority":        {store.Query().PriorityNotExists().Find, ""},
		"no activity":        {store.Query().ActivityNotExists().Find, ""},
		"ParentID":           {store.Query().ParentID("1").Find, "Beta Delta"},
		"ParentIDIn":         {store.Query().ParentIDIn("1", "1.1").Find, "Beta Gamma Delta"},
		"ParentIDNot":        {store.Query().ParentIDNot("1").Find, "Alpha Gamma Eta"},
		"ParentIDNotIn":      {store.Query().ParentIDNotIn("1", "1.1").Find, "Alpha Eta"},
		"ParentIDStartsWith": {store.Query().ParentIDStartsWith("1.").Find, "Beta Gamma Delta"},
		"Data":               {store.Query().Data("assigned_to", "Ana").Find, "Alpha Gamma"},
		"DataIn":             {store.Query().DataIn("AssignedTo", "Ana", "Ben").Find, "Alpha Beta Gamma"},
		"DataNot":            {store.Query().DataNot("assigned_to", "Ana").Find, "Beta Delta Eta"},
		"DataNotIn":          {store.Query().DataNotIn("assigned_to", "Ana", "Ben").Find, "Delta Eta"},
		"OrderByData":        {store.Query().OrderByData("estimate").OrderBy("title").Find, "Beta Eta Gamma Alpha Delta"},
		"OrderByDataDesc":    {store.Query().OrderByDataDesc("estimate").OrderBy("title").Find, "Delta Alpha Eta Gamma Beta"},
	} {
		finds(t, name, query.find, query.want)
	}
}

func TestOrderLimitAndOffsetShapeTheResult(t *testing.T) {
	store := tasks(t)
	finds(t, "OrderBy", store.Query().OrderBy("status").OrderByDesc("Estimate").Find,
		"Alpha Gamma Beta Eta Delta")
	finds(t, "created_at", store.Query().OrderByDesc("created_at").Find, "Eta Delta Gamma Beta Alpha")
	finds(t, "Limit", store.Query().OrderBy("title").Limit(2).Find, "Alpha Beta")
	finds(t, "Offset", store.Query().OrderBy("title").Limit(2).Offset(3).Find, "Eta Gamma")
	finds(t, "Offset alone", store.Query().Offset(4).Find, "Eta")
	filtered, err := store.Query().Status("active").Find()
	must(t, err)
	if id := filtered[0].SimpleID; id != "h1" {
		t.Errorf("the filter changed the ID to %s", id)
	}
}

func TestTerminalsAgreeAboutWhatIsThere(t *testing.T) {
	store := tasks(t)
	query := store.Query().StatusIn("pending", "active").OrderByDesc("title").Limit(2).Offset(1)
	first, err := query.First()
	must(t, err)
	if first.Title != "Eta" {
		t.Errorf("First gives %s", first.Title)
	}
	if count, err := query.Count(); count != 4 || err != nil {
		t.Errorf("Count gives %d, %v, want 4", count, err)
	}
	if exists, err := query.Exists(); !exists || err != nil {
		t.Errorf("Exists gives %t, %v", exists, err)
	}
	finds(t, "Find after First", query.Find, "Eta Beta")
	none := store.Query().Status("pending").Search("no such thing")
	if _, err := none.First(); !errors.Is(err, nanostore.ErrNotFound) {
		t.Errorf("First of nothing: %v", err)
	}
	if exists, err := none.Exists(); exists || err != nil {
		t.Errorf("Exists of nothing gives %t, %v", exists, err)
	}
	if found, err := none.Find(); found == nil || len(found) != 0 || err != nil {
		t.Errorf("Find of nothing gives %v, %v", found, err)
	}
}

func TestAllGivesTheDocumentsOneByOne(t *testing.T) {
	store := tasks(t)
	var titles []string
	for item, err := range store.Query().StatusNot("done").OrderBy("title").All(context.Background()) {
		must(t, err)
		if titles = append(titles, item.Title); len(titles) == 3 {
			break
		}
	}
	if !slices.Equal(titles, []string{"Alpha", "Beta", "Eta"}) {
		t.Errorf("it gave %v", titles)
	}
	for item, err := range store.Query().Where("nonsense").Exists().All(context.Background()) {
		if item != nil || !errors.Is(err, nanostore.ErrInvalid) {
			t.Errorf("a wrong query gave %v, %v", item, err)
		}
	}
}

func TestANameThatIsNoFieldFailsAtTheEndAndIsNamed(t *testing.T) {
	store := tasks(t)
	bad := store.Query().Where("assignee").Eq("Ana").OrderBy("nothing")
	_, find := bad.Find()
	_, first := bad.First()
	_, count := bad.Count()
	_, exists := bad.Exists()
	for _, err := range []error{find, first, count, exists} {
		if !errors.Is(err, nanostore.ErrInvalid) || !strings.Contains(err.Error(), "'assignee'") ||
			!strings.Contains(err.Error(), "assigned_to") {
			t.Errorf("the error is %v", err)
		}
	}
	if _, err := store.Query().OrderBy("nothing").Find(); !errors.Is(err, nanostore.ErrInvalid) {
		t.Errorf("OrderBy: %v", err)
	}
	plain := open[struct{ nanostore.Document }](t, ":memory:")
	if _, err := plain.Query().Status("done").Count(); !errors.Is(err, nanostore.ErrInvalid) {
		t.Errorf("a dimension of another type: %v", err)
	}
}

func TestAValueOfAnotherTypeFailsAtTheEnd(t *testing.T) {
	store := tasks(t)
	day := time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC)
	for name, find := range map[string]func() (int, error){
		"text":       store.Query().Where("assigned_to").Eq(5).Count,
		"number":     store.Query().Where("Estimate").Gt("5").Count,
		"In":         store.Query().Where("estimate").In(5, "6").Count,
		"NotIn":      store.Query().Where("estimate").NotIn(true).Count,
		"Not":        store.Query().Where("status").Not(1).Count,
		"time":       store.Query().Where("due_date").Lt(2027).Count,
		"title":      store.Query().Where("title").Eq(7).Count,
		"rev":        store.Query().Where("rev").Lte("7").Count,
		"estimate":   store.Query().Where("estimate").Gte(day).Count,
		"by filters": func() (int, error) { return store.DeleteByDimension(map[string]any{"status": []int{1}}) },
	} {
		count, err := find()
		if !errors.Is(err, nanostore.ErrInvalid) || !strings.Contains(err.Error(), "is compared with") {
			t.Errorf("%s gave %d, %v", name, count, err)
		}
	}
	for name, find := range map[string]func() (int, error){
		"float":      store.Query().Where("estimate").Gt(4.5).Count,
		"nil":        store.Query().Where("estimate").Not(nil).Count,
		"text":       store.Query().Where("due_date").Gt("2027-01-01T00:00:00Z").Count,
		"undeclared": store.Query().Where("data.other").Not(5).Count,
	} {
		if count, err := find(); count == 0 || err != nil {
			t.Errorf("%s gave %d, %v", name, count, err)
		}
	}
}

func TestAValueThatIsNotDeclaredIsRefused(t *testing.T) {
	store := tasks(t)
	_, err := store.Query().Status("dnoe").Find()
	if !errors.Is(err, nanostore.ErrInvalid) || !strings.Contains(err.Error(), "did you mean 'done'?") {
		t.Errorf("%v", err)
	}
	if _, err := store.Query().StatusNotIn("dnoe").Count(); !errors.Is(err, nanostore.ErrInvalid) {
		t.Errorf("%v", err)
	}
}

func TestDimensionsThatAreNoTextAreAskedForByTheirValues(t *testing.T) {
	store := open[Sample](t, ":memory:")
	for _, sample := range []*Sample{
		{Flag: true, Level: nanostore.Ptr(int8(3))}, {Level: nanostore.Ptr(int8(0))}, {State: "old"},
	} {
		_, err := store.Create("S", sample)
		must(t, err)
	}
	query := &SampleStore{TypedStore: store}
	for name, count := range map[string]func() (int, error){
		"flag":     query.Query().Flag(true).Count,
		"no flag":  query.Query().Flag(false).Level(0).Count,
		"level 3":  query.Query().Level(3).Count,
		"level 0":  query.Query().LevelIn(0, 7).Count,
		"no level": query.Query().LevelNotExists().Count,
		"state":    query.Query().State("old").Count,
		"owner":    query.Query().FieldCount(0).Flag(true).Owner("").Count,
	} {
		if got, err := count(); got != 1 || err != nil {
			t.Errorf("%s finds %d, %v, want 1", name, got, err)
		}
	}
	read, err := store.Get("1")
	must(t, err)
	if !read.Flag || *read.Level != 3 {
		t.Errorf("it is read as %t, %d", read.Flag, *read.Level)
	}
}
