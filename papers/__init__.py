"""Papers that officials use: facts of the programme, frozen, become PDF, DOCX and XLSX (docs/papers.md).

`facts` reads what a paper says into one value with a digest; everything behind that knows no database, so the same
digest gives the same bytes. All words and all layout are in `templates`.
"""
