only windows-unelevated windows-elevated
