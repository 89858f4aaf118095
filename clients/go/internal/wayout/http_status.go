package wayout

import (
	"net/http"
	"reflect"
)

// The names by which the vendors' libraries say what their HTTP status was, as a method or as a field: of Anthropic and OpenAI
// StatusCode, of Gemini Code, of AWS and go-openai HTTPStatusCode.
var statusNames = []string{"StatusCode", "HTTPStatusCode", "Code"}

// httpStatus is that of an error of an HTTP API, or of one that it wraps; 0 if there is none.
func httpStatus(err error) int {
	if err == nil {
		return 0
	}
	if code := statusOf(reflect.ValueOf(err)); code != 0 {
		return code
	}
	switch wrapper := err.(type) {
	case interface{ Unwrap() error }:
		return httpStatus(wrapper.Unwrap())
	case interface{ Unwrap() []error }:
		for _, each := range wrapper.Unwrap() {
			if code := httpStatus(each); code != 0 {
				return code
			}
		}
	}
	return 0
}

func statusOf(value reflect.Value) int {
	for _, name := range statusNames {
		if method := value.MethodByName(name); method.IsValid() && method.Type().NumIn() == 0 && method.Type().NumOut() == 1 {
			if code := asStatus(method.Call(nil)[0]); code != 0 {
				return code
			}
		}
	}
	for value.Kind() == reflect.Pointer && !value.IsNil() {
		value = value.Elem()
	}
	if value.Kind() != reflect.Struct {
		return 0
	}
	for _, name := range statusNames {
		if field := value.FieldByName(name); field.IsValid() {
			if code := asStatus(field); code != 0 {
				return code
			}
		}
	}
	if field := value.FieldByName("Response"); field.IsValid() && field.CanInterface() {
		if response, ok := field.Interface().(*http.Response); ok && response != nil {
			return asStatus(reflect.ValueOf(response.StatusCode))
		}
	}
	return 0
}

// asStatus passes over codes of other kinds.
func asStatus(value reflect.Value) int {
	if value.CanInt() && value.Int() >= 200 && value.Int() < 600 {
		return int(value.Int())
	}
	return 0
}
