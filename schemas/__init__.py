"""What is generated from the API's description files, and the means to generate it again."""
