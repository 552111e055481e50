"""
Parts for the operator and the service manager: start, stop, rehash, log, metrics, transcript.
"""
