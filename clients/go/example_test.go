package arbiter_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	arbiter "github.com/budget-arbiter/budget-arbiter/clients/go"
	"github.com/budget-arbiter/budget-arbiter/clients/go/arbitertest"
)

// answer is what a vendor's library returns.
type answer struct {
	Text  string `json:"text"`
	Usage struct {
		Input  int64 `json:"input_tokens"`
		Output int64 `json:"output_tokens"`
	} `json:"usage"`
}

// callVendor stands for a vendor's library.
func callVendor(context.Context) (*answer, error) {
	said := &answer{Text: "an answer"}
	said.Usage.Input, said.Usage.Output = 100, 50
	return said, nil
}

// exampleClient is of a service in this process; a program has arbiter.FromEnv().
func exampleClient() (client *arbiter.Client, end func()) {
	t := &exampleTB{}
	return arbitertest.New(t).Client, t.end
}

// exampleTB is what examples have in place of a test.
type exampleTB struct {
	testing.TB
	cleanups []func()
}

func (t *exampleTB) Helper()          {}
func (t *exampleTB) Fatal(err ...any) { panic(fmt.Sprint(err...)) }
func (t *exampleTB) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }
func (t *exampleTB) end() {
	for _, each := range t.cleanups {
		each()
	}
}

func ExampleClient_Do() {
	client, end := exampleClient()
	defer end()

	request := arbiter.Request{Budget: "anthropic", AI: "guardian", Estimate: 3000}
	err := client.Do(context.Background(), request, func(ctx context.Context, slot *arbiter.Slot) error {
		message, err := callVendor(ctx)
		slot.ReportAnswer(message)
		if err == nil {
			fmt.Println(message.Text)
		}
		return err
	})
	fmt.Println(err)
	// Output:
	// an answer
	// <nil>
}

func ExampleDenied() {
	err := error(&arbiter.Denied{Budget: "anthropic", AI: "guardian", Rules: []string{"HOURLY_CAP"}, RetryAfter: time.Hour, Message: "the hour is spent"})

	var denied *arbiter.Denied
	if errors.As(err, &denied) {
		fmt.Println(denied.Rules, denied.RetryAfter, denied.ToHTTP().Status)
	}
	// Output: [HOURLY_CAP] 1h0m0s 429
}

func ExampleClient_Middleware() {
	client, end := exampleClient()
	defer end()

	slots := client.Middleware(func(r *http.Request) arbiter.Request {
		return arbiter.Request{Budget: "anthropic", AI: r.Header.Get("X-Team"), Estimate: 3000}
	})
	http.Handle("/chat", slots(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		slot := arbiter.SlotFrom(r.Context())
		message, err := callVendor(r.Context())
		slot.ReportAnswer(message)
		if err != nil {
			slot.Fail(err)
			http.Error(w, "the vendor failed", http.StatusBadGateway)
			return
		}
		fmt.Fprint(w, message.Text)
	})))
}

func ExampleUsageOf() {
	usage, ok := arbiter.UsageOf([]byte(`{"model": "gpt-5", "usage": {"prompt_tokens": 120, "completion_tokens": 50,
		"prompt_tokens_details": {"cached_tokens": 100}}}`))
	fmt.Println(usage.Input, usage.CacheRead, usage.Output, usage.Model, ok)
	// Output: 20 100 50 gpt-5 true
}
