// Writes the modules of clients/go as a module proxy hands them out: `go` takes them from there as from a release.
//
//	go run . OUTPUT VERSION MODULE=FOLDER...
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 4 {
		log.Fatal("usage: go run . OUTPUT VERSION MODULE=FOLDER...")
	}
	output, version := os.Args[1], os.Args[2]
	for _, argument := range os.Args[3:] {
		path, folder, _ := strings.Cut(argument, "=")
		if err := release(output, module.Version{Path: path, Version: version}, folder); err != nil {
			log.Fatal(err)
		}
	}
}

func release(output string, of module.Version, folder string) error {
	settings, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	if err != nil {
		return err
	}
	versions := filepath.Join(output, filepath.FromSlash(of.Path), "@v")
	if err := os.MkdirAll(versions, 0o755); err != nil {
		return err
	}
	built, err := os.Create(filepath.Join(versions, of.Version+".zip"))
	if err != nil {
		return err
	}
	defer built.Close()
	// It refuses what no proxy would take.
	if err := zip.CreateFromDir(built, of, folder); err != nil {
		return err
	}
	for name, content := range map[string]string{
		of.Version + ".mod":  string(settings),
		of.Version + ".info": fmt.Sprintf(`{"Version":%q,"Time":"2026-01-01T00:00:00Z"}`, of.Version),
		"list":               of.Version + "\n",
	} {
		if err := os.WriteFile(filepath.Join(versions, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return built.Close()
}
