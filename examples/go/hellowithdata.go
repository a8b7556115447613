package kubeless

import (
	"fmt"

	"github.com/kubeless/kubeless/pkg/functions"
)

// Handler logs the event and sends its data back.
func Handler(event functions.Event, context functions.Context) (string, error) {
	fmt.Println(event.EventNamespace, event.EventType, event.Data)
	return event.Data, nil
}
