package arbiter

import (
	"encoding/json"
)

// UsageOf is what a vendor's answer says that it cost, by the disjoint kinds that a budget counts, and the model that it names.
// It takes the answer or its usage alone: what the vendors' libraries return, or JSON as bytes. It knows the usage of OpenAI (chat
// completions and responses), Anthropic, Gemini, LangChain, LiteLLM and the Vercel AI SDK, by the names in their JSON. False if
// the answer says nothing of it, as an event in the middle of a stream does not.
func UsageOf(answer any) (Usage, bool) {
	fields := fieldsOf(answer)
	holders := []object{fields, fields.object("response"), fields.object("message")}
	for _, holder := range holders {
		for _, name := range []string{"usage", "usage_metadata", "usageMetadata"} {
			if usage, ok := ofShape(holder.object(name)); ok {
				usage.Model = modelOf(fields)
				return usage, true
			}
		}
	}
	return ofShape(fields)
}

// modelOf is the model that answered, where the answer says so.
func modelOf(answer object) string {
	response, message, metadata := answer.object("response"), answer.object("message"), answer.object("response_metadata")
	for _, name := range []any{
		answer["model"], answer["modelVersion"], response["model"], response["modelId"], message["model"],
		metadata["model_name"], metadata["model"],
	} {
		if text, ok := name.(string); ok && text != "" {
			return text
		}
	}
	return ""
}

func ofShape(usage object) (Usage, bool) {
	for _, shape := range shapes {
		// Libraries for Go have counts of zero where an answer had none.
		if found, ok := shape(usage); ok && !found.isZero() {
			return found, true
		}
	}
	return Usage{}, false
}

// object is an object of JSON, of which only the names are known.
type object map[string]any

func (o object) object(name string) object {
	found, _ := o[name].(map[string]any)
	return found
}

func (o object) has(name string) bool {
	_, ok := o[name].(float64)
	return ok
}

func (o object) count(name string) int64 {
	value, _ := o[name].(float64)
	return max(0, int64(value))
}

func fieldsOf(answer any) object {
	text, ok := answer.([]byte)
	if !ok {
		var err error
		if text, err = json.Marshal(answer); err != nil {
			return nil
		}
	}
	var fields object
	if json.Unmarshal(text, &fields) != nil {
		return nil
	}
	return fields
}
