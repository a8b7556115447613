package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/kubeless/kubeless/internal/watch"
)

// child is a running server.
type child struct {
	command  *exec.Cmd
	lifeline *os.File
	overdue  *time.Timer // runs while it loads
	born     time.Time
}

// launch a server. What it says, and its end, go to heard.
func launch(program string, listener *os.File, loadTimeout time.Duration, heard chan<- news) (*child, error) {
	said, tells, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	hears, lifeline, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	command := exec.Command(program)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	command.Env = append(os.Environ(), watch.Variable+"=1")
	command.ExtraFiles = []*os.File{listener, tells, hears} // in the order of the descriptors in package watch
	err = command.Start()
	tells.Close()
	hears.Close()
	if err != nil {
		return nil, fmt.Errorf("cannot start the server: %w", err)
	}
	one := &child{command: command, lifeline: lifeline, overdue: time.NewTimer(loadTimeout), born: time.Now()}
	go one.listen(said, heard)
	return one, nil
}

func (c *child) listen(said *os.File, heard chan<- news) {
	word := make([]byte, 1)
	for {
		if _, err := said.Read(word); err != nil {
			break
		}
		heard <- news{from: c, word: word[0]}
	}
	said.Close()
	_ = c.command.Wait() // the exit code says it all
	heard <- news{from: c, ended: true, code: exitCode(c.command.ProcessState)}
}

// exitCode as a shell tells it: 128 and the signal's number for a process that was killed.
func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}

// release lets it finish its calls, for as long as a server may take that is asked to stop.
func (c *child) release() { c.lifeline.Close() }

// retire lets it finish its calls, each within its own time.
func (c *child) retire() { _, _ = c.lifeline.Write([]byte{watch.Replaced}) } // it may have ended meanwhile

func (c *child) kill() { _ = c.command.Process.Kill() }
