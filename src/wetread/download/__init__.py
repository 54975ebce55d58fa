"""In: the address of a file. Out: the file on this computer, checked; or a sentence that says what to do.

- ``remote_file.py`` one file at its publisher: where it is and what is known of it
- ``patience.py``    how long a server may take, and how often it is asked again
- ``proxies.py``     the proxies of the environment
- ``addresses.py``   which address of a server takes connections
- ``way.py``         the way to a server: through a proxy, or to its address
- ``connection.py``  a request and the body of its answer, within limits that hold
- ``answer.py``      one answer of a server: where it led, what it promises, whether it may be believed
- ``known.py``       the hashes of files whose publisher states none: trusted at first sight, checked ever after
- ``look.py``        what a server says of a file, and small files read whole
- ``fetch.py``       one file, over as many attempts as it takes
- ``unpack.py``      a .tar.gz, which is refused as a whole for its first bad entry

This is the only room that speaks to the internet, and it does so only when a public set or weights were asked for by
name.
"""
