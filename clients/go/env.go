package arbiter

import (
	"fmt"
	"os"
	"strings"
)

// FromEnv connects by the variables BUDGET_ARBITER_ADDRESS, _TOKEN, _TOKEN_FILE, _TLS_CA, _TLS_CERT, _TLS_KEY, _BUDGET, _AI and
// _FAIL_OPEN; the options win over them.
func FromEnv(options ...Option) (*Client, error) {
	named, err := optionsOf(os.Getenv)
	if err != nil {
		return nil, err
	}
	return New(os.Getenv("BUDGET_ARBITER_ADDRESS"), append(named, options...)...)
}

func optionsOf(getenv func(string) string) ([]Option, error) {
	read := func(name string) string { return getenv("BUDGET_ARBITER_" + name) }
	options := []Option{WithBudget(read("BUDGET")), WithAI(read("AI"))}
	if token := read("TOKEN"); token != "" {
		options = append(options, WithToken(token))
	}
	if path := read("TOKEN_FILE"); path != "" {
		options = append(options, WithTokenFile(path))
	}
	if ca, cert, key := read("TLS_CA"), read("TLS_CERT"), read("TLS_KEY"); ca+cert+key != "" {
		options = append(options, WithTLSFiles(ca, cert, key))
	}
	switch text := strings.ToLower(read("FAIL_OPEN")); text {
	case "":
	case "1", "true", "yes", "on":
		options = append(options, WithFailOpen(true))
	case "0", "false", "no", "off":
		options = append(options, WithFailOpen(false))
	default:
		return nil, fmt.Errorf("BUDGET_ARBITER_FAIL_OPEN must be true or false, not %q", text)
	}
	return options, nil
}
