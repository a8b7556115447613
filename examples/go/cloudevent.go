package kubeless

import (
	"fmt"

	"github.com/kubeless/kubeless/pkg/functions"
)

// Handler reads the attributes of a CloudEvent.
func Handler(event functions.Event, context functions.Context) (string, error) {
	attributes := event.Extensions.CloudEvent
	return fmt.Sprintf("%s from %s: %s", attributes["ce-type"], attributes["ce-source"], event.Data), nil
}
