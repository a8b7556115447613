package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// mainFolder is where the main program is put, in the function's module.
const mainFolder = "kubeless-server"

// made are the programs that an earlier run left in the folder.
var made = map[string]bool{"server": true, "supervise": true}

// copyTree copies regular files. Links could lead anywhere and are left out.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, name)
		switch {
		case entry.IsDir() && (name == mainFolder || name == ".git" || name == ".cache"):
			return filepath.SkipDir
		case entry.IsDir():
			return os.MkdirAll(target, 0o755)
		case !entry.Type().IsRegular() || made[name]:
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o644)
	})
}

// exportedFunctions of the package in a folder, by name. Whether one of them can be called is for the server to say: a
// handler is chosen when it starts.
func exportedFunctions(folder string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	var names []string
	parsed := 0
	for _, path := range files {
		fits, err := build.Default.MatchFile(folder, filepath.Base(path))
		if err == nil && (!fits || strings.HasSuffix(path, "_test.go")) {
			continue
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		// The base name: people know the file, but not the folder it was copied to.
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Base(path), source, 0)
		if err != nil {
			return nil, explain(err)
		}
		if file.Name.Name == "main" {
			return nil, fmt.Errorf("%s: the package is main and cannot be served; write `package kubeless`", filepath.Base(path))
		}
		parsed++
		names = append(names, exportedBy(file)...)
	}
	if parsed == 0 {
		return nil, errors.New("there is no Go file in the function's folder")
	}
	sort.Strings(names)
	return names, nil
}

func exportedBy(file *ast.File) []string {
	var names []string
	for _, declared := range file.Decls {
		function, ok := declared.(*ast.FuncDecl)
		if ok && function.Recv == nil && function.Type.TypeParams == nil && function.Name.IsExported() {
			names = append(names, function.Name.Name)
		}
	}
	return names
}

// explain syntax errors in the shape of the compiler.
func explain(err error) error {
	var list scanner.ErrorList
	if !errors.As(err, &list) {
		return err
	}
	lines := make([]string, 0, len(list))
	for _, one := range list {
		lines = append(lines, fmt.Sprintf("%s: syntax error: %s", one.Pos, one.Msg))
	}
	return errors.New(strings.Join(lines, "\n"))
}

// writeMain writes the program that hands the function's package to the server.
func writeMain(tree, module string, exported []string) error {
	if len(exported) == 0 {
		return errors.New("the function's package exports nothing; the handler's name must begin with a capital letter")
	}
	var program strings.Builder
	fmt.Fprintf(&program, "package main\n\nimport (\n\tfunction %q\n\t\"github.com/kubeless/kubeless/pkg/server\"\n)\n\n", module)
	program.WriteString("func main() {\n\tserver.Main(map[string]interface{}{\n")
	for _, name := range exported {
		fmt.Fprintf(&program, "\t\t%q: function.%s,\n", name, name)
	}
	program.WriteString("\t})\n}\n")
	folder := filepath.Join(tree, mainFolder)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "main.go"), []byte(program.String()), 0o644)
}
