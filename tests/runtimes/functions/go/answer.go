package kubeless

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/kubeless/kubeless/pkg/functions"
)

func Run(event functions.Event, context functions.Context) (string, error) {
	response := event.Extensions.Response
	switch event.Data {
	case "string":
		return "text", nil
	case "object":
		response.Header().Set("Content-Type", "application/json")
		return encode(map[string]any{"a": 1, "b": []any{true, nil}, "c": map[string]string{"d": "e"}})
	case "number":
		return encode(42)
	case "null", "empty":
		return "", nil
	case "list":
		return encode([]string{"a", "b"})
	case "unicode":
		return "grüße, 世界 🎉", nil
	case "binary":
		all := make([]byte, 256)
		for index := range all {
			all[index] = byte(index)
		}
		return string(all), nil
	case "big":
		return strings.Repeat("x", 2<<20), nil
	case "status":
		response.Header().Set("X-Kind", "short and stout")
		response.WriteHeader(http.StatusTeapot)
		return "a teapot", nil
	case "unencodable":
		return encode(map[string]any{"channel": make(chan int)})
	}
	return "", fmt.Errorf("no answer for %q", event.Data)
}

func encode(value any) (string, error) {
	text, err := json.Marshal(value)
	return string(text), err
}
