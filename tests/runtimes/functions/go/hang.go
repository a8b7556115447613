package kubeless

import "github.com/kubeless/kubeless/pkg/functions"

func init() {
	for {
	}
}

func Run(event functions.Event, context functions.Context) (string, error) {
	return "", nil
}
