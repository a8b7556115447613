package kubeless

import (
	"fmt"
	"os"
	"strings"

	"github.com/kubeless/kubeless/pkg/functions"
)

func Run(event functions.Event, context functions.Context) (string, error) {
	kind, rest, _ := strings.Cut(event.Data, " ")
	switch kind {
	case "exit":
		os.Exit(3)
	case "print":
		fmt.Println(rest)
	case "noise":
		for line := 0; line < 10*1024; line++ {
			fmt.Println(strings.Repeat("x", 1023))
		}
	case "env":
		return os.Getenv(rest), nil
	}
	return "ok", nil
}
