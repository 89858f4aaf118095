// Writes the API reference of a Go module: a page for each package that others may import.
// Fails if something that is exported does not say what it is for.
//
//	go run . FOLDER-OF-THE-MODULE OUTPUT
package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/printer"
	"go/token"
	"html"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// generated is the folder of the stubs, whose words are those of the protocol.
const generated = "budgetarbiter"

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: go run . FOLDER-OF-THE-MODULE OUTPUT")
	}
	root, output := os.Args[1], os.Args[2]
	folders, err := packages(root)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.MkdirAll(output, 0o755); err != nil {
		log.Fatal(err)
	}
	var missing []string
	var index bytes.Buffer
	for _, folder := range folders {
		page, err := read(root, folder)
		if err != nil {
			log.Fatal(err)
		}
		if !strings.HasPrefix(folder, generated) {
			missing = append(missing, page.missing()...)
		}
		if err := os.WriteFile(filepath.Join(output, page.file()), page.html(), 0o644); err != nil {
			log.Fatal(err)
		}
		fmt.Fprintf(&index, "<li><a href=%q>%s</a>: %s\n", page.file(), page.path, html.EscapeString(page.of.Synopsis(page.of.Doc)))
	}
	if err := os.WriteFile(filepath.Join(output, "index.html"), framed("Go packages", "<ul>"+index.String()+"</ul>"), 0o644); err != nil {
		log.Fatal(err)
	}
	if len(missing) > 0 {
		log.Fatalf("without a comment:\n%s", strings.Join(missing, "\n"))
	}
}

// packages are the folders of a module, by their paths in it, with what others may import.
func packages(root string) ([]string, error) {
	found := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() && (!strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go")) {
			return err
		}
		if entry.IsDir() && (entry.Name() == "internal" || entry.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !entry.IsDir() {
			folder, err := filepath.Rel(root, filepath.Dir(path))
			found[folder] = true
			return err
		}
		return nil
	})
	folders := make([]string, 0, len(found))
	for folder := range found {
		folders = append(folders, folder)
	}
	slices.Sort(folders)
	return folders, err
}

// page is what is said of one package.
type page struct {
	path  string
	files *token.FileSet
	of    *doc.Package
}

func read(root, folder string) (*page, error) {
	files := token.NewFileSet()
	names, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
	if err != nil {
		return nil, err
	}
	var parsed []*ast.File
	for _, name := range names {
		file, err := parser.ParseFile(files, name, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, file)
	}
	path := filepath.ToSlash(filepath.Join("github.com/budget-arbiter/budget-arbiter/clients/go", folder))
	of, err := doc.NewFromFiles(files, parsed, path)
	return &page{path, files, of}, err
}

func (p *page) file() string { return strings.ReplaceAll(p.path, "/", ".") + ".html" }

// missing is what is exported and has no comment.
func (p *page) missing() []string {
	var found []string
	check := func(name, comment string) {
		if strings.TrimSpace(comment) == "" {
			found = append(found, p.path+"."+name)
		}
	}
	check("package", p.of.Doc)
	values := append(append([]*doc.Value{}, p.of.Consts...), p.of.Vars...)
	funcs := append([]*doc.Func{}, p.of.Funcs...)
	for _, kind := range p.of.Types {
		check(kind.Name, kind.Doc)
		for _, field := range members(kind.Decl) {
			check(kind.Name+"."+field.Names[0].Name, field.Doc.Text()+field.Comment.Text())
		}
		values = append(append(values, kind.Consts...), kind.Vars...)
		funcs = append(append(funcs, kind.Funcs...), kind.Methods...)
	}
	for _, value := range values {
		for _, spec := range value.Decl.Specs {
			spec := spec.(*ast.ValueSpec)
			check(spec.Names[0].Name, value.Doc+spec.Doc.Text()+spec.Comment.Text())
		}
	}
	for _, each := range funcs {
		// These say what their interfaces say: error and fmt.Stringer, and that of errors.Is.
		if each.Recv == "" || each.Name != "Error" && each.Name != "String" && each.Name != "Unwrap" {
			check(strings.TrimPrefix(each.Recv+"."+each.Name, "."), each.Doc)
		}
	}
	return found
}

// members are the exported fields of a struct and methods of an interface.
func members(declared *ast.GenDecl) []*ast.Field {
	var found []*ast.Field
	for _, spec := range declared.Specs {
		var list *ast.FieldList
		switch kind := spec.(*ast.TypeSpec).Type.(type) {
		case *ast.StructType:
			list = kind.Fields
		case *ast.InterfaceType:
			list = kind.Methods
		default:
			continue
		}
		for _, field := range list.List {
			if len(field.Names) > 0 && field.Names[0].IsExported() {
				found = append(found, field)
			}
		}
	}
	return found
}

func (p *page) html() []byte {
	var body bytes.Buffer
	fmt.Fprintf(&body, "<h1>package %s</h1>\n<pre>import %q</pre>\n%s", p.of.Name, p.path, p.of.HTML(p.of.Doc))
	p.values(&body, p.of.Consts)
	p.values(&body, p.of.Vars)
	p.funcs(&body, p.of.Funcs)
	for _, kind := range p.of.Types {
		p.declared(&body, "h2", kind.Name, kind.Decl, kind.Doc)
		p.values(&body, kind.Consts)
		p.values(&body, kind.Vars)
		p.funcs(&body, kind.Funcs)
		p.funcs(&body, kind.Methods)
	}
	return framed(p.path, body.String())
}

func (p *page) values(to *bytes.Buffer, values []*doc.Value) {
	for _, value := range values {
		p.declared(to, "h3", strings.Join(value.Names, ", "), value.Decl, value.Doc)
	}
}

func (p *page) funcs(to *bytes.Buffer, funcs []*doc.Func) {
	for _, each := range funcs {
		p.declared(to, "h3", strings.TrimLeft(each.Recv+"."+each.Name, ".*"), each.Decl, each.Doc)
	}
}

// declared is a heading that others may point to, the declaration, and what is said of it.
func (p *page) declared(to *bytes.Buffer, level, name string, declaration ast.Node, comment string) {
	var source bytes.Buffer
	if err := printer.Fprint(&source, p.files, declaration); err != nil {
		log.Fatal(err)
	}
	fmt.Fprintf(to, "<%s id=%q>%s</%s>\n<pre>%s</pre>\n%s", level, name, html.EscapeString(name), level,
		html.EscapeString(source.String()), p.of.HTML(comment))
}

func framed(title, body string) []byte {
	return []byte("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>" + html.EscapeString(title) +
		"</title><style>body{max-width:60em;margin:2em auto;font-family:sans-serif}pre{background:#f4f4f4;padding:.5em;overflow:auto}</style>\n" +
		body + "</html>\n")
}
