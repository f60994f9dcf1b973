"""What ./dev bench is made of; tests/bench/README.md says what is measured."""
