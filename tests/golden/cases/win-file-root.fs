only windows-unelevated windows-elevated
file /home/u/.cache/state.db
