package wire

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestATokenFileIsReadAgainWhenItChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	token := TokenFile(path)
	if _, err := token.Read(); err == nil {
		t.Error("there is no file")
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(want string) {
		t.Helper()
		if got, err := token.Read(); got != want || err != nil {
			t.Errorf("%q, %v, not %q", got, err, want)
		}
	}
	write("one\n")
	expect("one")
	write("another")
	expect("one") // It was looked at just now.
	if !token.Renew() || token.Renew() {
		t.Error("a refused token is looked for at once")
	}
	expect("another")
	write("third")
	token.lookedAt = token.lookedAt.Add(-2 * time.Second)
	expect("third")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	token.lookedAt = token.lookedAt.Add(-2 * time.Second)
	expect("third")
}
