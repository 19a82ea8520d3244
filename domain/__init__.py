"""What the business means, purely: no clock, no network and no database in here."""
