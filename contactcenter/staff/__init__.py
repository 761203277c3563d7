"""The company's own people: who they are, where they belong, what they may do, who is at the desk."""
