package kubeless

import (
	"encoding/json"

	"github.com/kubeless/kubeless/pkg/functions"
)

func Run(event functions.Event, context functions.Context) (string, error) {
	request := event.Extensions.Request
	text, err := json.Marshal(map[string]map[string]string{
		"event": {
			"id": event.EventID, "type": event.EventType, "time": event.EventTime, "namespace": event.EventNamespace,
		},
		"context": {
			"name":    context.FunctionName,
			"timeout": context.Timeout,
			"runtime": context.Runtime,
			"memory":  context.MemoryLimit,
		},
		"request": {
			"method": request.Method,
			"path":   request.URL.Path,
			"query":  request.URL.Query().Get("q"),
			"header": request.Header.Get("X-Test"),
		},
		"ce": event.Extensions.CloudEvent,
	})
	return string(text), err
}
