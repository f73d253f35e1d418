"""The reports: text, graph, picture, JSON, console. They write what they are given.

Nothing is imported here, so that a program that only asks for the version pays for no renderer.
"""
