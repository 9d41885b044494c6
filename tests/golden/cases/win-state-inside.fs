only windows-unelevated windows-elevated
dir /home/u/.local/state/carrel/sessions
