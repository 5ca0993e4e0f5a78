"""What an emulator remembers: resources and their versions, target health, timing, and the journal."""
