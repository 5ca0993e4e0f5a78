package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// installed returns a directory with an executable of this name, and the executable as a controller has it open.
func installed(t *testing.T, content string) (directory string, open *os.File) {
	t.Helper()
	directory = t.TempDir()
	target := filepath.Join(directory, name)
	if err := os.WriteFile(target, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
	open, err := os.Open(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { open.Close() })
	return directory, open
}

func TestInstallDoesNotWriteIntoTheExecutableThatItReplaces(t *testing.T) {
	directory, open := installed(t, "old")
	if err := install(directory); err != nil {
		t.Fatal(err)
	}
	if content, err := io.ReadAll(open); err != nil || string(content) != "old" {
		t.Errorf("who has the old executable open reads %d bytes, %v", len(content), err)
	}
	own, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if copied, err := os.ReadFile(filepath.Join(directory, name)); err != nil || !bytes.Equal(copied, own) {
		t.Errorf("%d bytes of %d were copied, %v", len(copied), len(own), err)
	}
}

func TestAnInstallThatFailsLeavesNothingBehind(t *testing.T) {
	directory := t.TempDir()
	if err := os.Mkdir(filepath.Join(directory, name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := install(directory); err == nil {
		t.Error("a directory was replaced")
	}
	if entries, err := os.ReadDir(directory); err != nil || len(entries) != 1 {
		t.Errorf("entries of the directory: %v, %v", entries, err)
	}
}
