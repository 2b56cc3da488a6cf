package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/pkg/sftp"
)

// copy puts the source where remotePath says. A file goes to that path, or into it if it is a
// folder; a folder goes into that path, and with a slash at its end only its content does.
func (i CopyInputs) copy(ctx context.Context) error {
	client, done, err := i.Connection.Dial(ctx)
	if err != nil {
		return err
	}
	defer done()
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	defer stop()
	files, err := sftp.NewClient(client)
	if err != nil {
		return fmt.Errorf("%s: it offers no SFTP: %w", i.Connection.address(), err)
	}
	defer func() { _ = files.Close() }()
	err = i.put(files)
	if ctx.Err() != nil {
		return fmt.Errorf("the copy was stopped before it ended: %w", context.Cause(ctx))
	}
	return err
}

func (i CopyInputs) put(files *sftp.Client) error {
	switch source := i.Source; {
	case source.Asset != nil && source.Asset.IsText():
		if isFolder(files, i.RemotePath) {
			return fmt.Errorf("remotePath: %s is a folder. A text needs the path of a file", i.RemotePath)
		}
		return putFile(files, strings.NewReader(source.Asset.Text), i.RemotePath)
	case source.Asset != nil:
		return putPath(files, source.Asset.Path, i.RemotePath)
	case source.Archive != nil:
		return putPath(files, source.Archive.Path, i.RemotePath)
	default:
		return errors.New("source: it is empty")
	}
}

func putPath(files *sftp.Client, source, destination string) error {
	about, err := os.Stat(source)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	if !about.IsDir() {
		if isFolder(files, destination) {
			destination = path.Join(destination, filepath.Base(source))
		}
		return putLocalFile(files, source, destination)
	}
	if err := makeFolder(files, destination); err != nil {
		return err
	}
	if !strings.HasSuffix(source, "/") {
		destination = path.Join(destination, filepath.Base(source))
	}
	return filepath.WalkDir(source, func(each string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("source: %w", err)
		}
		relative, err := filepath.Rel(source, each)
		if err != nil {
			return err
		}
		target := path.Join(destination, filepath.ToSlash(relative))
		if entry.IsDir() {
			return makeFolder(files, target)
		}
		return putLocalFile(files, each, target)
	})
}

func putLocalFile(files *sftp.Client, source, destination string) error {
	local, err := os.Open(source)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	defer func() { _ = local.Close() }()
	return putFile(files, local, destination)
}

func putFile(files *sftp.Client, content io.Reader, destination string) error {
	target, err := files.Create(destination)
	if err != nil {
		return fmt.Errorf("remotePath: %s cannot be written: %w", destination, err)
	}
	if _, err := target.ReadFrom(content); err != nil {
		_ = target.Close()
		return fmt.Errorf("remotePath: writing %s failed: %w", destination, err)
	}
	return target.Close()
}

func makeFolder(files *sftp.Client, folder string) error {
	about, err := files.Stat(folder)
	switch {
	case err == nil && about.IsDir():
		return nil
	case err == nil:
		return fmt.Errorf("remotePath: %s exists and is not a folder", folder)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("remotePath: %s: %w", folder, err)
	}
	if err := files.Mkdir(folder); err != nil {
		return fmt.Errorf("remotePath: the folder %s cannot be made: %w", folder, err)
	}
	return nil
}

func isFolder(files *sftp.Client, name string) bool {
	about, err := files.Stat(name)
	return err == nil && about.IsDir()
}
