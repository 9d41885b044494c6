only windows-unelevated windows-elevated
fact inside-job
