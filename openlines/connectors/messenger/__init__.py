"""Facebook Messenger: the page's conversations over the Graph API."""
