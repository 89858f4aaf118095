package settle

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// So many lines that say that something is done are worth a new file.
const compactAfter = 1000

// Journal has on the disk what is yet to be settled, so that a crash of this process loses none of it. One process at a time.
type Journal struct {
	path string
	lock *os.File

	mu      sync.Mutex
	file    *os.File
	open    map[string]*Settlement
	waiting *batch
	writing bool
	done    int
}

// batch is the lines that wait for the disk: one flush is for all of them.
type batch struct {
	text    bytes.Buffer
	written chan struct{}
	err     error
}

type line struct {
	Add  *Settlement `json:"add,omitempty"`
	Done string      `json:"done,omitempty"`
}

// OpenJournal locks it, and returns what an earlier process left in it.
func OpenJournal(path string) (*Journal, []*Settlement, error) {
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, nil, errors.Join(errors.New(path+" is the journal of another process, or cannot be locked: give each its own"), err)
	}
	journal := &Journal{path: path, lock: lock, open: map[string]*Settlement{}}
	left, err := readLeft(path)
	if err == nil {
		for _, each := range left {
			journal.open[each.ID] = each
		}
		err = journal.rewrite()
	}
	if err != nil {
		_ = lock.Close()
		return nil, nil, err
	}
	return journal, left, nil
}

// Add returns once it is on the disk.
func (j *Journal) Add(s *Settlement) error {
	j.mu.Lock()
	j.open[s.ID] = s
	mine, err := j.append(line{Add: s})
	j.startWriting()
	j.mu.Unlock()
	if err != nil {
		return err
	}
	<-mine.written
	return mine.err
}

// Done says that it is settled: written with what comes next, since lost in a crash it is only settled again.
func (j *Journal) Done(s *Settlement) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.open, s.ID)
	j.done++
	_, _ = j.append(line{Done: s.ID})
}

// Close leaves the file as it is to the next process.
func (j *Journal) Close() error {
	j.mu.Lock()
	last := j.waiting
	j.startWriting()
	j.mu.Unlock()
	if last != nil {
		<-last.written
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return errors.Join(j.file.Close(), j.lock.Close())
}

func (j *Journal) append(l line) (*batch, error) {
	text, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	if j.waiting == nil {
		j.waiting = &batch{written: make(chan struct{})}
	}
	j.waiting.text.Write(append(text, '\n'))
	return j.waiting, nil
}

func (j *Journal) startWriting() {
	if !j.writing && j.waiting != nil {
		j.writing = true
		go j.write()
	}
}

// write writes all that waits at this moment with one flush, and then what has come meanwhile.
func (j *Journal) write() {
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.waiting != nil {
		now := j.waiting
		j.waiting = nil
		if j.done >= compactAfter {
			now.err = j.rewrite()
		} else {
			file := j.file
			j.mu.Unlock()
			_, err := file.Write(now.text.Bytes())
			now.err = errors.Join(err, file.Sync())
			j.mu.Lock()
			if now.err != nil {
				j.done = compactAfter // What comes next must not stand behind half a line.
			}
		}
		close(now.written)
	}
	j.writing = false
}

// rewrite puts a new file in the place of the old one, on the disk with its name.
func (j *Journal) rewrite() error {
	var text bytes.Buffer
	for _, each := range j.open {
		one, err := json.Marshal(line{Add: each})
		if err != nil {
			return err
		}
		text.Write(append(one, '\n'))
	}
	next, err := os.OpenFile(j.path+".next", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = next.Write(text.Bytes())
	err = errors.Join(err, next.Sync())
	if err == nil {
		err = os.Rename(next.Name(), j.path)
	}
	if err != nil {
		return errors.Join(err, next.Close())
	}
	if j.file != nil {
		_ = j.file.Close()
	}
	j.file, j.done = next, 0
	return syncFolder(filepath.Dir(j.path))
}

// readLeft passes over a line that a crash cut off: whoever wrote it had not gone on.
func readLeft(path string) ([]*Settlement, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var left []*Settlement
	done := map[string]bool{}
	for _, each := range bytes.Split(text, []byte("\n")) {
		var l line
		if json.Unmarshal(each, &l) != nil {
			continue
		}
		if l.Add != nil {
			left = append(left, l.Add)
		}
		done[l.Done] = true
	}
	var open []*Settlement
	for _, each := range left {
		if !done[each.ID] {
			open = append(open, each)
		}
	}
	return open, nil
}
