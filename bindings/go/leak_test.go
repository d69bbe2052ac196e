package nanostore

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"testing"
)

// handlesSettle collects garbage until no more than want handles are open; the cleanups of what is
// collected run a little later, each time.
func handlesSettle(want int64) bool {
	for range 1000 {
		runtime.GC()
		if liveHandles.Load() <= want {
			return true
		}
		runtime.Gosched()
	}
	return false
}

func TestForgottenStoresAndCursorsAreClosed(t *testing.T) {
	handlesSettle(0)
	before := liveHandles.Load()
	for range 1000 {
		store := must(OpenMemory(nil))
		must(store.Add(&Document{Title: "A"}, nil))
		must(must(store.Cursor(nil)).Next())
		must(store.Cursor(nil)).Close()
	}
	if !handlesSettle(before) {
		t.Errorf("%d handles are left", liveHandles.Load()-before)
	}
}

func TestWhatIsClosedIsNotClosedAgainWhenItIsCollected(t *testing.T) {
	handlesSettle(0)
	before := liveHandles.Load()
	for range 1000 {
		store := must(OpenMemory(nil))
		must(store.Cursor(nil)).Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
	for range 10 {
		runtime.GC()
		runtime.Gosched()
	}
	if after := liveHandles.Load(); after != before {
		t.Errorf("%d handles, %d before", after, before)
	}
}

// residentBytes is what the process has in memory, that of C included.
func residentBytes(t *testing.T) int {
	t.Helper()
	runtime.GC()
	text := must(os.ReadFile("/proc/self/statm"))
	var size, resident int
	must(fmt.Fscan(bytes.NewReader(text), &size, &resident))
	return resident * os.Getpagesize()
}

// staysFlat makes a call very often and sees that the process does not grow by as much as a byte
// or two for each call, once its heap has the size that it needs.
func staysFlat(t *testing.T, times int, call func()) {
	t.Helper()
	for range times / 2 {
		call()
	}
	before := residentBytes(t)
	for range times {
		call()
	}
	grown := residentBytes(t) - before
	t.Logf("%d calls: resident size %d KiB, grown by %d KiB", times, before/1024, grown/1024)
	if limit := 4<<20 + 2*times; grown > limit {
		t.Errorf("grown by %d bytes, more than %d", grown, limit)
	}
}

func TestOpeningAndClosingLeavesNothing(t *testing.T) {
	handlesSettle(0)
	before := liveHandles.Load()
	staysFlat(t, 100_000, func() {
		if err := must(OpenMemory(nil)).Close(); err != nil {
			t.Error(err)
		}
	})
	if after := liveHandles.Load(); after != before {
		t.Errorf("%d handles, %d before", after, before)
	}
}

func TestGettingLeavesNothing(t *testing.T) {
	store := openTodos(t, "A")
	uuid := must(store.ResolveID("1"))
	staysFlat(t, 1_000_000, func() { must(store.GetJSON(uuid)) })
}

func TestFailingLeavesNothing(t *testing.T) {
	store := openTodos(t, "A")
	staysFlat(t, 100_000, func() {
		if _, err := store.GetJSON("9"); err == nil {
			t.Error("there is no 9")
		}
	})
}
