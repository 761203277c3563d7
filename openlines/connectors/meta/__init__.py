"""What WhatsApp, Messenger and Instagram share: signature, handshake, the Graph API's calls and errors."""
