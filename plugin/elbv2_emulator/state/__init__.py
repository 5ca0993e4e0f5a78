"""What an emulator holds: resources, their health, and the journal."""
