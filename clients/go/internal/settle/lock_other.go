//go:build !windows && (!unix || solaris || illumos || aix)

package settle

import (
	"errors"
	"os"
)

func lockFile(string) (*os.File, error) {
	return nil, errors.New("this system has no lock that ends with its process")
}

func syncFolder(string) error { return nil }
