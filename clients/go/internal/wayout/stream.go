package wayout

import (
	"errors"
	"reflect"
	"strings"
)

// Both vendors' libraries for Go have no type for an error that comes as an event of a stream, only these words.
const streamError = "received error while streaming"

// isOfStream says that an answer broke on its way: HTTP/2's errors of a stream have types that cannot be named, those within
// net/http.
func isOfStream(err error) bool {
	for each := err; each != nil; each = errors.Unwrap(each) {
		kind := reflect.TypeOf(each)
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		http2 := kind.PkgPath() == "net/http" && strings.HasPrefix(kind.Name(), "http2")
		if http2 || strings.HasSuffix(kind.PkgPath(), "golang.org/x/net/http2") || strings.HasPrefix(each.Error(), streamError) {
			return true
		}
	}
	return false
}
