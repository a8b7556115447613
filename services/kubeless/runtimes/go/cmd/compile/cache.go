package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"time"
)

// mostKept bounds the cache; a program has some 6 MB.
const mostKept = 40

// builtOnce makes target, unless the same was made before: a second replica, a restart and a function that is
// deployed again need no compiler. The cache is a convenience: where it cannot be written, nothing is kept.
func builtOnce(target, key string, create func() error) error {
	folder, err := os.UserCacheDir()
	if err != nil {
		return create()
	}
	kept := filepath.Join(folder, "kubeless", "go", key)
	if copyProgram(kept, target) == nil {
		now := time.Now()
		_ = os.Chtimes(kept, now, now) // prune keeps what is in use
		return nil
	}
	if err := create(); err != nil {
		return err
	}
	if os.MkdirAll(filepath.Dir(kept), 0o755) == nil && copyProgram(target, kept) == nil {
		prune(filepath.Dir(kept))
	}
	return nil
}

// copyProgram at once or not at all: somebody else may be about to start it.
func copyProgram(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	part, err := os.CreateTemp(filepath.Dir(to), ".part-")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	_, err = io.Copy(part, source)
	if err == nil {
		err = part.Chmod(0o755)
	}
	if closing := part.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return os.Rename(part.Name(), to)
}

func prune(folder string) {
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) <= mostKept {
		return
	}
	used := func(entry fs.DirEntry) int64 {
		if info, err := entry.Info(); err == nil {
			return info.ModTime().UnixNano()
		}
		return 0
	}
	sort.Slice(entries, func(a, b int) bool { return used(entries[a]) > used(entries[b]) })
	for _, entry := range entries[mostKept:] {
		_ = os.Remove(filepath.Join(folder, entry.Name()))
	}
}

// digest of all that a program is made of: the files of some folders, and the compiler with its flags.
func digest(folders ...string) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\x00%s\x00", runtime.Version(), os.Getenv("GOFLAGS"))
	for _, folder := range folders {
		if err := addFolder(sum, folder); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func addFolder(sum io.Writer, folder string) error {
	return filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		fmt.Fprintf(sum, "%s\x00%d\x00", name, len(content))
		_, _ = sum.Write(content) // a hash takes everything
		return err
	})
}
