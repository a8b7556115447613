package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	ourModule = "github.com/kubeless/kubeless"
	// ourVersion is of no meaning, as the module is replaced by a folder; every requirement needs one.
	ourVersion = "v1.0.8"
	noModule   = "module function\n\ngo 1.21\n"
)

// prepareModule makes the tree a module that finds our packages in the folder ours. It tells the module's path, and
// whether it may need others.
func prepareModule(tree, ours string) (module string, hasDeps bool, err error) {
	file := filepath.Join(tree, "go.mod")
	content, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", false, err
	}
	hasDeps = len(bytes.TrimSpace(content)) > 0
	if !hasDeps {
		requirements, err := legacyRequirements(filepath.Join(tree, "Gopkg.toml"))
		if err != nil {
			return "", false, err
		}
		hasDeps = len(requirements) > 0
		if err := os.WriteFile(file, []byte(noModule+requirements), 0o644); err != nil {
			return "", false, err
		}
	}
	edits := []string{"-require=" + ourModule + "@" + ourVersion, "-replace=" + ourModule + "=" + ours}
	if err := run(tree, append([]string{"mod", "edit"}, edits...)...); err != nil {
		return "", false, err
	}
	module, err = modulePath(tree)
	return module, hasDeps, err
}

func modulePath(tree string) (string, error) {
	output, err := goCommand(tree, "mod", "edit", "-json").Output()
	if err != nil {
		return "", fmt.Errorf("cannot read go.mod: %w", err)
	}
	var read struct{ Module struct{ Path string } }
	if err := json.Unmarshal(output, &read); err != nil {
		return "", err
	}
	if read.Module.Path == "" {
		return "", errors.New("go.mod names no module; begin it with `module function`")
	}
	return read.Module.Path, nil
}
