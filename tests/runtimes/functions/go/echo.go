package kubeless

import "github.com/kubeless/kubeless/pkg/functions"

func Run(event functions.Event, context functions.Context) (string, error) {
	return event.Data, nil
}
