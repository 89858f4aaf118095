package arbiter

import (
	"fmt"
	"testing"
)

func TestEnvironment(t *testing.T) {
	for name, test := range map[string]struct {
		env  map[string]string
		want string
	}{
		"nothing":       {nil, `"" "" "" false false`},
		"all":           {map[string]string{"BUDGET": "b", "AI": "a", "TOKEN": "t", "FAIL_OPEN": "1"}, `"b" "a" "t" true false`},
		"off":           {map[string]string{"FAIL_OPEN": "Off"}, `"" "" "" false false`},
		"a bad switch":  {map[string]string{"FAIL_OPEN": "perhaps"}, "error"},
		"no such file":  {map[string]string{"TLS_CA": "/nowhere"}, "error"},
		"a key alone":   {map[string]string{"TLS_KEY": "/nowhere"}, "error"},
		"no PEM inside": {map[string]string{"TLS_CA": "env_test.go"}, "error"},
	} {
		t.Run(name, func(t *testing.T) {
			s := settings{}
			options, err := optionsOf(func(name string) string { return test.env[name[len("BUDGET_ARBITER_"):]] })
			for _, option := range options {
				if err == nil {
					err = option(&s)
				}
			}
			got := "error"
			if err == nil {
				token := ""
				if s.token != nil {
					token, _ = s.token.Read()
				}
				got = fmt.Sprintf("%q %q %q %v %v", s.budget, s.ai, token, s.failOpen, s.tls != nil)
			}
			if got != test.want {
				t.Errorf("%s, not %s", got, test.want)
			}
		})
	}
}

func TestBadSettings(t *testing.T) {
	if _, err := New("", WithDeadline(-1)); err == nil {
		t.Error("a deadline below 0")
	}
	if _, err := New("", WithJournal("/nowhere/journal")); err == nil {
		t.Error("a journal in no folder")
	}
}
