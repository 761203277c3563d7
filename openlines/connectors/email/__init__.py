"""E-mail: mails come by IMAP, answers go by SMTP."""
