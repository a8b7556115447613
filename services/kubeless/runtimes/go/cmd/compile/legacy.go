package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
)

var (
	tableLine  = regexp.MustCompile(`^\[\[?\s*([\w.]+)\s*\]?\]`)
	pairLine   = regexp.MustCompile(`^(\w+)\s*=\s*"([^"]*)"`)
	fullSemver = regexp.MustCompile(`^v?\d+(\.\d+)?(\.\d+)?(-[\w.]+)?$`)
)

// legacyRequirements reads the constraints of a Gopkg.toml, the dependency file of Go 1.10, as lines of a go.mod. Both
// mean the least version that will do. Only the lines that dep itself writes are understood.
func legacyRequirements(path string) (string, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var lines strings.Builder
	for _, constraint := range constraints(string(content)) {
		if constraint["name"] == "" || constraint["name"] == ourModule {
			continue
		}
		version, err := query(constraint)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&lines, "require %s %s\n", constraint["name"], version)
	}
	return lines.String(), nil
}

func constraints(content string) []map[string]string {
	var found []map[string]string
	var current map[string]string
	for _, line := range strings.Split(content, "\n") {
		line = strings.TrimSpace(line)
		if table := tableLine.FindStringSubmatch(line); table != nil {
			current = nil
			if table[1] == "constraint" || table[1] == "override" {
				current = map[string]string{}
				found = append(found, current)
			}
		} else if pair := pairLine.FindStringSubmatch(line); pair != nil && current != nil {
			current[pair[1]] = pair[2]
		}
	}
	return found
}

// query is what stands for a version in a go.mod: the go command replaces the name of a branch by what it means today.
func query(constraint map[string]string) (string, error) {
	for _, key := range []string{"revision", "branch"} {
		if constraint[key] != "" {
			return constraint[key], nil
		}
	}
	version := strings.TrimLeft(constraint["version"], "^~=> ")
	if !fullSemver.MatchString(version) {
		return "", fmt.Errorf("Gopkg.toml: version=%q of %s cannot be used: give one version, such as 1.2.3",
			constraint["version"], constraint["name"])
	}
	version = "v" + strings.TrimPrefix(version, "v")
	for core, _, _ := strings.Cut(version, "-"); strings.Count(core, ".") < 2; core += ".0" {
		version += ".0"
	}
	return version, nil
}
