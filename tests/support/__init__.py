"""What tests of several floors start: the sidecar as a process, a petclinic in the emulator."""
