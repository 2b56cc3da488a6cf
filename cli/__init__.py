"""The command `estate`: everything that `pulumi` itself does not do."""
