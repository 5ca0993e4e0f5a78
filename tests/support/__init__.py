"""What tests of several rooms share: the sidecar as a process, a petclinic in the emulator, any rule."""
