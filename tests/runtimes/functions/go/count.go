package kubeless

import (
	"strconv"
	"sync/atomic"

	"github.com/kubeless/kubeless/pkg/functions"
)

var calls atomic.Int64

func Run(event functions.Event, context functions.Context) (string, error) {
	return strconv.FormatInt(calls.Add(1), 10), nil
}
