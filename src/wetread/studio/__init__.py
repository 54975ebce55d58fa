"""The studio: a second thin shell, in the browser. In: clicks. Out: the same run folders as from the terminal.

A small server on this machine only, without torch: it reads and writes project folders and starts `wetread` commands
as child processes. Nothing it holds in memory would be missed after a restart.
"""
