"""The suite's program in Python: what `interop/README.md` asks for, written as a user of the library would."""
