package wire

import (
	"os"
	"strings"
	"sync"
	"time"
)

// How often a file is looked at.
const lookEvery = time.Second

// Token is the bearer token: a text, or what a file has, which is read again when it changes.
type Token struct {
	path string

	mu       sync.Mutex
	text     string
	version  os.FileInfo
	lookedAt time.Time
}

// FixedToken never changes; empty: the service asks for none.
func FixedToken(text string) *Token { return &Token{text: text} }

// TokenFile is read when it is first needed.
func TokenFile(path string) *Token { return &Token{path: path} }

// Read returns it as it is now.
func (t *Token) Read() (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.read()
}

// Renew is for a token that the service refused: whether there is another by now.
func (t *Token) Renew() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.text
	t.lookedAt = time.Time{}
	now, err := t.read()
	return err == nil && now != before
}

func (t *Token) read() (string, error) {
	if t.path == "" || time.Since(t.lookedAt) < lookEvery {
		return t.text, nil
	}
	version, err := os.Stat(t.path)
	if err == nil && !same(version, t.version) {
		var text []byte
		if text, err = os.ReadFile(t.path); err == nil {
			t.text, t.version = strings.TrimSpace(string(text)), version
		}
	}
	if err != nil {
		// It may be replaced at this moment; the one before is good until the service says otherwise.
		if t.text == "" {
			return "", err
		}
		return t.text, nil
	}
	t.lookedAt = time.Now()
	return t.text, nil
}

func same(one, other os.FileInfo) bool {
	return other != nil && os.SameFile(one, other) && one.Size() == other.Size() && one.ModTime().Equal(other.ModTime())
}
