// Calls of the vendors' own SDKs, named in the arguments, sdk-what-behaviour, each on the budget of its name.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	arbiter "github.com/budget-arbiter/budget-arbiter/clients/go"

	"github.com/anthropics/anthropic-sdk-go"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
)

// work is a call in its slot: at the vendor of this address, to the end of a stream or not.
type work func(ctx context.Context, slot *arbiter.Slot, url string, isLeft bool) error

var works = map[string]work{
	"anthropic-call":   anthropicCall,
	"anthropic-stream": anthropicStream,
	"chat-call":        chatCall,
	"chat-stream":      chatStream,
	"responses-call":   responsesCall,
	"responses-stream": responsesStream,
	"embeddings-call":  embeddingsCall,
}

func main() {
	log.SetFlags(0)
	ctx := context.Background()
	client, err := arbiter.FromEnv()
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range os.Args[1:] {
		fmt.Println(name, outcome(call(ctx, client, name)))
	}
	if err := client.Close(ctx); err != nil {
		log.Fatal(err)
	}
}

func call(ctx context.Context, client *arbiter.Client, name string) error {
	at := strings.LastIndex(name, "-")
	behaviour := name[at+1:]
	url := os.Getenv("VENDOR_URL") + "/" + behaviour
	isLeft := behaviour == "left"
	if isLeft {
		url = os.Getenv("VENDOR_URL") + "/ok"
	} else if behaviour == "unreached" {
		url = "http://127.0.0.1:11"
	}
	request := arbiter.Request{Budget: name, AI: "guardian", Estimate: 1500}
	return client.Do(ctx, request, func(ctx context.Context, slot *arbiter.Slot) error {
		return works[name[:at]](ctx, slot, url, isLeft)
	})
}

// outcome is what the caller has of a call.
func outcome(err error) string {
	var ofAnthropic *anthropic.Error
	var ofOpenAI *openai.Error
	switch {
	case err == nil:
		return "answer"
	case errors.As(err, &ofAnthropic):
		return fmt.Sprint(ofAnthropic.StatusCode)
	case errors.As(err, &ofOpenAI):
		return fmt.Sprint(ofOpenAI.StatusCode)
	default:
		return "error"
	}
}

func anthropicOf(url string) anthropic.Client {
	return anthropic.NewClient(
		anthropicoption.WithBaseURL(url), anthropicoption.WithAPIKey("k"), anthropicoption.WithMaxRetries(0))
}

var question = anthropic.MessageNewParams{
	Model:     "model-a",
	MaxTokens: 100,
	Messages:  []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("hello"))},
}

func anthropicCall(ctx context.Context, slot *arbiter.Slot, url string, _ bool) error {
	vendor := anthropicOf(url)
	message, err := vendor.Messages.New(ctx, question)
	slot.ReportAnswer(message)
	return err
}

func anthropicStream(ctx context.Context, slot *arbiter.Slot, url string, isLeft bool) error {
	vendor := anthropicOf(url)
	stream := vendor.Messages.NewStreaming(ctx, question)
	defer stream.Close()
	message := anthropic.Message{}
	for stream.Next() {
		slot.Said(stream.Current())
		if err := message.Accumulate(stream.Current()); err != nil {
			return err
		}
		if isLeft {
			return nil
		}
	}
	if stream.Err() == nil {
		slot.ReportAnswer(message)
	}
	return stream.Err()
}

func openAI(url string) openai.Client {
	return openai.NewClient(option.WithBaseURL(url+"/v1"), option.WithAPIKey("k"), option.WithMaxRetries(0))
}

var chat = openai.ChatCompletionNewParams{
	Model:         "model-a",
	Messages:      []openai.ChatCompletionMessageParamUnion{openai.UserMessage("hello")},
	StreamOptions: openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)},
}

func chatCall(ctx context.Context, slot *arbiter.Slot, url string, _ bool) error {
	whole := chat
	whole.StreamOptions = openai.ChatCompletionStreamOptionsParam{}
	vendor := openAI(url)
	completion, err := vendor.Chat.Completions.New(ctx, whole)
	slot.ReportAnswer(completion)
	return err
}

func chatStream(ctx context.Context, slot *arbiter.Slot, url string, isLeft bool) error {
	vendor := openAI(url)
	stream := vendor.Chat.Completions.NewStreaming(ctx, chat)
	defer stream.Close()
	for stream.Next() {
		slot.Said(stream.Current())
		if isLeft {
			return nil
		}
		slot.ReportAnswer(stream.Current())
	}
	return stream.Err()
}

func responsesParams() responses.ResponseNewParams {
	return responses.ResponseNewParams{
		Model: "model-a",
		Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("hello")},
	}
}

func responsesCall(ctx context.Context, slot *arbiter.Slot, url string, _ bool) error {
	vendor := openAI(url)
	response, err := vendor.Responses.New(ctx, responsesParams())
	slot.ReportAnswer(response)
	return err
}

func responsesStream(ctx context.Context, slot *arbiter.Slot, url string, isLeft bool) error {
	vendor := openAI(url)
	stream := vendor.Responses.NewStreaming(ctx, responsesParams())
	defer stream.Close()
	for stream.Next() {
		slot.Said(stream.Current())
		if isLeft {
			return nil
		}
		if event := stream.Current(); event.Type == "response.completed" {
			slot.ReportAnswer(event.Response)
		}
	}
	return stream.Err()
}

func embeddingsCall(ctx context.Context, slot *arbiter.Slot, url string, _ bool) error {
	vendor := openAI(url)
	created, err := vendor.Embeddings.New(ctx, openai.EmbeddingNewParams{
		Model: "model-a",
		Input: openai.EmbeddingNewParamsInputUnion{OfString: openai.String("hello")},
	})
	slot.ReportAnswer(created)
	return err
}
