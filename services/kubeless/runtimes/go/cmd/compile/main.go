// Compile makes a function and its server into one program.
//
//	compile FOLDER
//
// reads the function from FOLDER (package kubeless, with or without a go.mod) and writes FOLDER/server and
// FOLDER/supervise. Nothing else in FOLDER is touched. What the compiler says goes to stderr.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: compile FOLDER"))
	}
	ours, err := ownModule()
	if err != nil {
		fail(err)
	}
	if err := compile(os.Args[1], ours); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// ownModule is the folder of the module this program is part of: the working directory, or what a variable says.
func ownModule() (string, error) {
	folder := os.Getenv("KUBELESS_GO_RUNTIME")
	if folder == "" {
		folder = "."
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(folder, "pkg", "functions")); err != nil {
		return "", fmt.Errorf("KUBELESS_GO_RUNTIME=%q is not the folder of the Go runtime: %w", folder, err)
	}
	return folder, nil
}

func compile(volume, ours string) error {
	work, err := os.MkdirTemp("", "function-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	// The compiler's output names files; this name is what people see.
	tree := filepath.Join(work, "function")
	if err := copyTree(volume, tree); err != nil {
		return fmt.Errorf("cannot copy the function: %w", err)
	}
	own, err := digest(ours)
	if err != nil {
		return err
	}
	whole, err := digest(ours, tree)
	if err != nil {
		return err
	}
	server := filepath.Join(volume, "server")
	if err := builtOnce(server, whole, func() error { return buildServer(tree, ours, server) }); err != nil {
		return err
	}
	supervise := filepath.Join(volume, "supervise")
	return builtOnce(supervise, own, func() error { return buildProgram(ours, supervise, "./cmd/supervise") })
}

func buildServer(tree, ours, target string) error {
	exported, err := exportedFunctions(tree)
	if err != nil {
		return err
	}
	module, hasDeps, err := prepareModule(tree, ours)
	if err != nil {
		return err
	}
	if err := writeMain(tree, module, exported); err != nil {
		return err
	}
	mode := "-mod=readonly" // without a go.mod nothing is fetched
	if hasDeps {
		mode = "-mod=mod" // a go.sum is seldom deployed, and indirect requirements seldom named
	}
	return buildProgram(tree, target, "./"+mainFolder, mode, "-buildvcs=false")
}

func buildProgram(folder, target, program string, more ...string) error {
	flags := append([]string{"build", "-trimpath", "-ldflags=-s -w", "-o", target}, more...)
	return run(folder, append(flags, program)...)
}

func goCommand(folder string, arguments ...string) *exec.Cmd {
	program := os.Getenv("KUBELESS_GO") // go1.22 may lie beside another go
	if program == "" {
		program = "go"
	}
	command := exec.Command(program, arguments...)
	command.Dir = folder
	// No other toolchain is fetched, and a go.work above the folder means another project.
	command.Env = append(os.Environ(), "PWD="+folder, "GOWORK=off", "GOTOOLCHAIN=local", "CGO_ENABLED=0")
	return command
}

func run(folder string, arguments ...string) error {
	said := &bytes.Buffer{}
	command := goCommand(folder, arguments...)
	command.Stdout, command.Stderr = os.Stderr, io.MultiWriter(os.Stderr, said)
	if err := command.Run(); err != nil {
		return fmt.Errorf("Unable to compile the function: %s", reason(said.String(), err))
	}
	return nil
}

// reason is the first mistake that the go command tells. A condition shows the last line of a log, so it is repeated.
func reason(said string, otherwise error) string {
	for _, line := range strings.Split(said, "\n") {
		if line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "go: downloading ") {
			return line
		}
	}
	return otherwise.Error()
}
